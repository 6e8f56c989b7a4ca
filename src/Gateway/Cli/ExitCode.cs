namespace Gateway.Cli;

internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>Something failed, and was explained.</summary>
    public const int Failure = 1;

    public const int WrongUsage = 2;
}
