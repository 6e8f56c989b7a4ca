using Gateway.Fuzz;
using SharpFuzz;

// What afl-fuzz runs: one parser, which it feeds over standard input and watches through the instrumentation that `run` puts in.
if (args is not [var name, .. var files] || !Parsers.All.TryGetValue(name, out var parse))
{
    Console.Error.WriteLine($"usage: Gateway.Fuzz {string.Join('|', Parsers.All.Keys)} [FILE ...]");
    return 2;
}

// Files instead: what each of them causes. For a build without instrumentation.
if (files.Length > 0)
{
    // Every one of them is looked at, whatever the others do.
    return files.Select(IsSurvived).ToArray().All(survived => survived) ? 0 : 1;
}

// Out of process: an endless loop or a stack overflow costs the fuzzer one child and not the run.
Fuzzer.OutOfProcess.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    parse(input.ToArray());
});
return 0;

bool IsSurvived(string file)
{
    try
    {
        parse(File.ReadAllBytes(file));
        return true;
    }
    catch (Exception exception)
    {
        Console.WriteLine($"{file}: {exception}\n");
        return false;
    }
}
