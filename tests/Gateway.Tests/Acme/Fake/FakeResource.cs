namespace Gateway.Tests.Acme.Fake;

/// <summary>The kinds of resources of the fake CA: what requests are counted and misbehaviour is chosen by.</summary>
internal enum FakeResource
{
    Directory,
    NewNonce,
    NewAccount,
    Account,
    KeyChange,
    NewOrder,
    Order,
    Finalize,
    Authorization,
    Challenge,
    Certificate,
    RevokeCertificate,
    RenewalInfo,
    Unknown,
}
