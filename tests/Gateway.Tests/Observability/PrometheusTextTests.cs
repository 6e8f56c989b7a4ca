using Gateway.Observability;

namespace Gateway.Tests.Observability;

public sealed class PrometheusTextTests
{
    [Fact]
    public void AMetricIsItsHelpItsTypeAndItsSamples()
    {
        var text = new PrometheusText().Metric("a_total", "counter", "What it counts.").Sample(1, ("x", "1")).Sample(2.5, ("x", "2"), ("y", "z")).ToString();
        Assert.Equal("# HELP a_total What it counts.\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\",y=\"z\"} 2.5\n", text);
    }

    [Fact]
    public void ALabelMayHoldAnything()
    {
        var text = new PrometheusText().Metric("a", "gauge", "A.").Sample(1, ("x", "a \"b\" \\ c\nd")).ToString();
        Assert.EndsWith("a{x=\"a \\\"b\\\" \\\\ c\\nd\"} 1\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(0.0025, "0.0025")]
    [InlineData(1e17, "1E+17")]
    [InlineData(1763980000.5, "1763980000.5")]
    public void NumbersAreWrittenSoThatPrometheusReadsThem(double value, string expected) => Assert.Equal(expected, PrometheusText.Number(value));
}
