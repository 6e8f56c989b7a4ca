using System.Globalization;

namespace Gateway.EndToEnd.Boundary;

/// <summary>How large the tests of this folder are: small enough for every day, or as large as <c>SECURITY.md</c> says they were once run.</summary>
internal static class TestSize
{
    /// <summary>The number in the environment variable, else the everyday one.</summary>
    public static int Of(string variable, int everyday) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : everyday;
}
