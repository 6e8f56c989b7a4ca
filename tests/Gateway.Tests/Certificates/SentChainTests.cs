using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Certificates;

namespace Gateway.Tests.Certificates;

public sealed class SentChainTests
{
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    private readonly Authority _root = new("CN=root");
    private readonly Authority _intermediate = new("CN=intermediate");
    private readonly X509Certificate2 _intermediateByRoot;
    private readonly X509Certificate2 _leaf;

    public SentChainTests()
    {
        _intermediateByRoot = _intermediate.SignedBy(_root);
        _leaf = _intermediate.Leaf();
    }

    [Fact]
    public void TheOthersAreSentInTheirOrderWithoutRootAndWithoutStrangers()
    {
        var policy = new Authority("CN=policy");
        var issuing = policy.SignedBy(_intermediate);
        var leaf = policy.Leaf();

        Assert.Equal(
            [issuing, _intermediateByRoot],
            Sent(leaf, _root.SelfSigned, _intermediateByRoot, new Authority("CN=stranger").SignedBy(_root), leaf, issuing));
    }

    [Fact]
    public void ACrossSignedRootIsSentSinceOldClientsNeedIt()
    {
        var crossSigned = _root.SignedBy(new Authority("CN=older root"));

        Assert.Equal([_intermediateByRoot, crossSigned], Sent(_leaf, _intermediateByRoot, crossSigned));
    }

    [Fact]
    public void OfAuthoritiesWithOneNameTheOneWithTheKeyIsSent()
    {
        var renewed = new Authority("CN=intermediate").SignedBy(_root);

        Assert.Equal([_intermediateByRoot], Sent(_leaf, renewed, _intermediateByRoot));
    }

    [Fact]
    public void AuthoritiesThatVouchForOneAnotherAreSentOnce()
    {
        var other = new Authority("CN=other");

        Assert.Equal(2, Sent(_leaf, _intermediate.SignedBy(other), other.SignedBy(_intermediate)).Length);
    }

    [Fact]
    public void ACertificateThatVouchesForItselfIsSentAlone() =>
        Assert.Empty(Sent(_root.SelfSigned, _root.SelfSigned, _intermediateByRoot));

    [Fact]
    public void WhatIsMissingIsNotMadeUp() => Assert.Empty(Sent(_leaf, _root.SelfSigned));

    private static X509Certificate2[] Sent(X509Certificate2 leaf, params X509Certificate2[] others) =>
        [.. SentChain.Prepare(leaf, [.. others]).IntermediateCertificates];

    private sealed class Authority
    {
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly CertificateRequest _request;

        public Authority(string name)
        {
            _request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
            _request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority());
            _request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(_request.PublicKey, critical: false));
            SelfSigned = _request.CreateSelfSigned(Start.AddDays(-1), Start.AddDays(10));
        }

        public X509Certificate2 SelfSigned { get; }

        public X509Certificate2 SignedBy(Authority issuer) => issuer.Sign(new CertificateRequest(_request.SubjectName, _request.PublicKey, HashAlgorithmName.SHA256)
        {
            CertificateExtensions = { _request.CertificateExtensions[0], _request.CertificateExtensions[1] },
        });

        public X509Certificate2 Leaf()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Sign(new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256)).CopyWithPrivateKey(key);
        }

        private X509Certificate2 Sign(CertificateRequest request)
        {
            request.CertificateExtensions.Add(
                X509AuthorityKeyIdentifierExtension.CreateFromCertificate(SelfSigned, includeKeyIdentifier: true, includeIssuerAndSerial: false));
            return request.Create(
                SelfSigned.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), Start.AddHours(-1), Start.AddDays(5), RandomNumberGenerator.GetBytes(8));
        }
    }
}
