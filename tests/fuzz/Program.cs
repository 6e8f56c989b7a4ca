using Gateway.Fuzz;
using SharpFuzz;

// What afl-fuzz runs: one parser, which it feeds over standard input and watches through the instrumentation that `run` puts in.
if (args is not [var name] || !Parsers.All.TryGetValue(name, out var parse))
{
    Console.Error.WriteLine($"usage: Gateway.Fuzz {string.Join('|', Parsers.All.Keys)}");
    return 2;
}

// Out of process: an endless loop or a stack overflow costs the fuzzer one child and not the run.
Fuzzer.OutOfProcess.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    parse(input.ToArray());
});
return 0;
