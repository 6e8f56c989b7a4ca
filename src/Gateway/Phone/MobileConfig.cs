using System.Security;
using System.Security.Cryptography;
using System.Text;
using Gateway.Platform;

namespace Gateway.Phone;

/// <summary>A configuration profile for iOS, iPadOS and macOS that holds a CA certificate (Apple, "Configuration Profile Reference").</summary>
internal static class MobileConfig
{
    public const string ContentType = "application/x-apple-aspen-config";

    public static string For(TrustAnchor anchor)
    {
        var name = SecurityElement.Escape(anchor.Label);
        var (profile, payload) = (Identity(anchor, "profile"), Identity(anchor, "certificate"));
        return $"""
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
            <plist version="1.0">
            <dict>
              <key>PayloadType</key><string>Configuration</string>
              <key>PayloadVersion</key><integer>1</integer>
              <key>PayloadIdentifier</key><string>gateway.local-ca.{profile}</string>
              <key>PayloadUUID</key><string>{profile}</string>
              <key>PayloadDisplayName</key><string>{name}</string>
              <key>PayloadDescription</key><string>Trusts the local certificate authority of a development machine, for its own names and private addresses only. Remove it when you no longer need it.</string>
              <key>PayloadRemovalDisallowed</key><false/>
              <key>PayloadContent</key>
              <array>
                <dict>
                  <key>PayloadType</key><string>com.apple.security.root</string>
                  <key>PayloadVersion</key><integer>1</integer>
                  <key>PayloadIdentifier</key><string>gateway.local-ca.{payload}</string>
                  <key>PayloadUUID</key><string>{payload}</string>
                  <key>PayloadDisplayName</key><string>{name}</string>
                  <key>PayloadCertificateFileName</key><string>{anchor.FileName}.crt</string>
                  <key>PayloadContent</key>
                  <data>{Convert.ToBase64String(anchor.Certificate.RawData)}</data>
                </dict>
              </array>
            </dict>
            </plist>

            """;
    }

    // The same CA has the same identity: installed again it replaces itself, and does not stand in the list twice.
    private static string Identity(TrustAnchor anchor, string part) =>
        new Guid(SHA256.HashData([.. anchor.Certificate.RawData, .. Encoding.ASCII.GetBytes(part)])[..16]).ToString().ToUpperInvariant();
}
