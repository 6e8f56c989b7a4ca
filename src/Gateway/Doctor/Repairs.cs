namespace Gateway.Doctor;

/// <summary>Does what is safe among the remedies, one after the other, and says what came of each.</summary>
internal static class Repairs
{
    public static IReadOnlyList<string> Apply(IEnumerable<Finding> findings)
    {
        var done = new List<string>();
        foreach (var finding in findings.Where(f => f.Repair is not null))
        {
            try
            {
                done.Add(finding.Repair!());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException or Certificates.LocalAuthorityException)
            {
                // The finding is still there when the checks run again, with its commands.
                done.Add($"not all: {e.Message}");
            }
        }

        return done;
    }
}
