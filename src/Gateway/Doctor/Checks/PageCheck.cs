namespace Gateway.Doctor.Checks;

/// <summary>Mixed content: what the front page and its scripts load or open without TLS, or at a port of their own.</summary>
internal sealed class PageCheck : ICheck
{
    public string Topic => "page";

    public async Task<CheckResult> RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        var page = await examination.PageAsync();
        if (page.Files.Count == 0)
        {
            return CheckResult.NotApplicable(page.Problem!);
        }

        var findings = page.Files.SelectMany(InsecureReference.In).Select(Of).ToList();
        return new CheckResult(
            $"{page.Files.Count} file{(page.Files.Count == 1 ? "" : "s")} {page.Source}: no http://, ws:// or port in {(page.Files.Count == 1 ? "it" : "them")}", findings);
    }

    private static Finding Of(InsecureReference reference)
    {
        var place = $"{reference.File}, offset {reference.Offset} (line {reference.Line})";
        var (severity, what, why) = reference.Kind switch
        {
            ReferenceKind.WebSocket => (Severity.Error, "mixed content", "browsers open no ws:// from an https page"),
            ReferenceKind.Loaded => (Severity.Error, "mixed content", "browsers load nothing by http:// into an https page; on another device localhost is that device"),
            ReferenceKind.PerhapsLoaded => (Severity.Warning, "perhaps mixed content", "browsers load nothing by http:// into an https page; if it is only a link that people follow, it may stay"),
            _ => (Severity.Error, "a port of its own", "behind the gateway everything is on the port of the page: that port is closed to other devices, or has no certificate"),
        };
        return new Finding(severity, $"{what} in {place}: {reference.Text}", why, "have the page take scheme and host from its own address; write")
        {
            Place = place,
            Write = reference.Instead,
            InsteadOf = reference.Text,
        };
    }
}
