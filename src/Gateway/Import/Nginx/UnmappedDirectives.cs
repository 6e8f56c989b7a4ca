using System.Collections.Frozen;

namespace Gateway.Import.Nginx;

/// <summary>Directives that become no line of gateway.json, and why that is well or what to do.</summary>
internal static class UnmappedDirectives
{
    private const string Itself = "the gateway sees to it by itself";
    private const string Files = "only matters for files: those of Gateway:StaticFiles get their type and ETag by themselves";
    private const string NoFiles = "files come from one folder only, for requests that no route takes (Gateway:StaticFiles): have the application serve these, or a file server on 127.0.0.1 that the path is routed to";
    private const string Tls = "the TLS settings are .NET's: forward secrecy, AEAD ciphers first, session tickets";
    private const string Streams = "the gateway streams both ways and holds nothing back";
    private const string Log = "the section Serilog says where the log goes and how much; see the README";
    private const string Cache = "the gateway keeps no answers: let the service send Cache-Control for browsers, or put a cache in front";
    private const string OtherProtocol = "the gateway speaks HTTP to services: use the application's own HTTP server (php -S, FrankenPHP, gunicorn, uvicorn, puma) and route to that";
    private const string Pages = "the gateway shows its own error pages; those of a service pass as they are";
    private const string Unused = "has no effect: nothing that was imported uses it";
    private const string Rewrite = "not in the gateway: have the service do it";

    private static readonly FrozenDictionary<string, (ImportVerdict Verdict, string Note)> Known = Table().ToFrozenDictionary();

    /// <summary>Says what is left to say.</summary>
    public static void Report(IEnumerable<NginxDirective> directives, ImportReport report)
    {
        foreach (var directive in directives)
        {
            if (!report.IsSaid(directive))
            {
                Say(directive, report);
            }

            if (directive.Name is not ("types" or "geo" or "split_clients") && directive.Block is { } block)
            {
                Report(block, report);
            }
        }
    }

    public static string Unknown(string name) => $"'{name}' is not known to the import: look up what it does, and whether the gateway has it";

    private static void Say(NginxDirective directive, ImportReport report)
    {
        switch (directive.Name)
        {
            case "include" when directive.Problem is { } problem:
                report.Refuse(directive, problem + " Run the import where all files are.");
                break;
            case "include" when directive.Block is null:
                report.Change(directive, Files);
                break;
            case "include" when directive.Block is { Count: 0 }:
                report.Keep(directive, "no file, or an empty one");
                break;
            case "include" or "http" or "server" or "upstream":
                report.Keep(directive);
                break;
            case "map" when directive.First == "$http_upgrade":
                report.ChangeAll(directive, "not needed: the gateway writes Connection by itself");
                break;
            case "map" or "geo" or "split_clients":
                report.RefuseAll(directive, "variables are not supported: routes can ask for Hosts, Headers and QueryParameters in their Match");
                break;
            case "types":
                report.ChangeAll(directive, Files);
                break;
            case "stream" or "mail":
                report.RefuseAll(directive, "the gateway passes HTTP and WebSockets only: keep nginx or HAProxy for this");
                break;
            case "proxy_buffering" or "proxy_request_buffering" when directive.First == "off":
            case "server_tokens" when directive.First == "off":
            case "proxy_http_version" when directive.First == "1.1":
            case "proxy_redirect" when directive.First == "off":
            case "gzip" when directive.First == "off":
            case "autoindex" or "proxy_intercept_errors" or "proxy_cache" or "sub_filter_once" when directive.First == "off":
            case "ssl_reject_handshake" when directive.First == "off":
            case "proxy_next_upstream" when directive.First == "off":
                report.Keep(directive);
                break;
            case "access_log" when directive.First == "off":
                report.Change(directive, "every request is logged; Serilog:MinimumLevel:Override can silence the gateway's access log");
                break;
            default:
                if (Known.TryGetValue(directive.Name, out var known))
                {
                    report.Say(directive, known.Verdict, known.Note);
                }
                else
                {
                    SayByFamily(directive, report);
                }

                break;
        }
    }

    private static void SayByFamily(NginxDirective directive, ImportReport report)
    {
        var name = directive.Name;
        if (name.StartsWith("fastcgi_", StringComparison.Ordinal) || name.StartsWith("uwsgi_", StringComparison.Ordinal) || name.StartsWith("scgi_", StringComparison.Ordinal) || name.StartsWith("memcached_", StringComparison.Ordinal))
        {
            report.Refuse(directive, OtherProtocol);
        }
        else if (name.StartsWith("proxy_cache", StringComparison.Ordinal))
        {
            report.Refuse(directive, Cache);
        }
        else if (name.StartsWith("gzip", StringComparison.Ordinal))
        {
            report.Change(directive, "Gateway:Compression says whether text is compressed, and how is the gateway's own affair");
        }
        else if (name.StartsWith("brotli", StringComparison.Ordinal) || name.StartsWith("zstd", StringComparison.Ordinal))
        {
            report.Refuse(directive, "answers pass as the service sends them: switch compression on in the service");
        }
        else if (name.StartsWith("ssl_", StringComparison.Ordinal))
        {
            report.Change(directive, Tls);
        }
        else if (name.StartsWith("worker_", StringComparison.Ordinal) || name.StartsWith("types_hash", StringComparison.Ordinal) || name.EndsWith("_hash_bucket_size", StringComparison.Ordinal) || name.EndsWith("_hash_max_size", StringComparison.Ordinal))
        {
            report.Change(directive, Itself);
        }
        else if (name.Contains("_by_lua", StringComparison.Ordinal) || name.StartsWith("lua_", StringComparison.Ordinal) || name.StartsWith("js_", StringComparison.Ordinal) || name.StartsWith("perl", StringComparison.Ordinal))
        {
            report.Refuse(directive, "there are no scripts in the gateway: have the service do it");
        }
        else
        {
            report.RefuseAll(directive, Unknown(name));
        }
    }

    private static Dictionary<string, (ImportVerdict Verdict, string Note)> Table()
    {
        var table = new Dictionary<string, (ImportVerdict, string)>();
        void Add(ImportVerdict verdict, string note, params string[] names)
        {
            foreach (var name in names)
            {
                table[name] = (verdict, note);
            }
        }

        Add(ImportVerdict.Changed, Itself, "events", "user", "pid", "daemon", "master_process", "use", "multi_accept", "sendfile", "tcp_nopush", "tcp_nodelay", "aio", "directio", "pcre_jit",
            "thread_pool", "timer_resolution", "lock_file", "accept_mutex", "env", "load_module", "keepalive_timeout", "keepalive_requests", "keepalive_disable", "reset_timedout_connection", "lingering_close",
            "resolver", "resolver_timeout", "http2", "http2_max_concurrent_streams", "http2_push_preload", "http3", "quic_retry", "server_names_hash_bucket_size", "client_header_buffer_size", "connection_pool_size",
            "request_pool_size", "output_buffers", "postpone_output", "proxy_socket_keepalive", "proxy_bind", "proxy_headers_hash_max_size", "proxy_headers_hash_bucket_size", "absolute_redirect", "server_name_in_redirect",
            "port_in_redirect", "ignore_invalid_headers", "recursive_error_pages", "ssl", "http2_idle_timeout", "http2_recv_timeout", "max_ranges", "chunked_transfer_encoding", "msie_padding", "uninitialized_variable_warn", "rewrite_log");
        Add(ImportVerdict.Changed, Files, "index", "default_type", "etag", "if_modified_since", "open_file_cache", "open_file_cache_valid", "open_file_cache_min_uses", "open_file_cache_errors", "log_not_found",
            "disable_symlinks", "server_tokens_extra", "read_ahead", "sendfile_max_chunk", "charset", "charset_types", "override_charset", "source_charset");
        Add(ImportVerdict.Changed, Streams, "proxy_buffering", "proxy_request_buffering", "proxy_buffers", "proxy_buffer_size", "proxy_busy_buffers_size", "proxy_max_temp_file_size", "proxy_temp_file_write_size",
            "proxy_temp_path", "client_body_temp_path", "client_body_buffer_size", "client_body_in_file_only", "client_body_in_single_buffer", "fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path", "proxy_limit_rate");
        Add(ImportVerdict.Changed, Log, "access_log", "error_log", "log_format", "log_subrequest", "open_log_file_cache", "debug_connection");
        Add(ImportVerdict.Changed, "10 s to connect to a service", "proxy_connect_timeout");
        Add(ImportVerdict.Changed, "a service that takes nothing counts as silent, as one that sends nothing (ActivityTimeout)", "proxy_send_timeout");
        Add(ImportVerdict.Changed, "an upload may pause for 5 s; below 240 bytes a second it is ended", "client_body_timeout");
        Add(ImportVerdict.Changed, "a client that takes less than 240 bytes a second for 15 s is closed (Gateway:Limits:SlowReaderTimeout)", "send_timeout");
        Add(ImportVerdict.Changed, "15 s (Gateway:Limits:RequestHeadersTimeout)", "client_header_timeout");
        Add(ImportVerdict.Changed, "32 KB of headers, 8 KB of request line (Gateway:Limits)", "large_client_header_buffers");
        Add(ImportVerdict.Changed, "GET, HEAD, OPTIONS and new WebSockets go to another destination, once; others only where they cannot have arrived", "proxy_next_upstream", "proxy_next_upstream_tries", "proxy_next_upstream_timeout");
        Add(ImportVerdict.Changed, "read from the right up to the first address that is not trusted", "real_ip_recursive");
        Add(ImportVerdict.Changed, "never sent", "server_tokens");
        Add(ImportVerdict.Changed, "a request is never taken back when its client leaves early, but for the connection to the service, which is closed", "proxy_ignore_client_abort");
        Add(ImportVerdict.Changed, "TLS to services is .NET's", "proxy_ssl_ciphers", "proxy_ssl_session_reuse", "proxy_ssl_verify_depth", "proxy_ssl_crl", "proxy_ssl_conf_command", "proxy_ssl_password_file");
        Add(ImportVerdict.Changed, "names with underscores pass, but for those that could be taken for a header of the gateway's", "underscores_in_headers");
        Add(ImportVerdict.Changed, "routes are found as with merge_slashes on; the service receives what the client wrote", "merge_slashes");
        Add(ImportVerdict.Changed, "HTTP/1.1 to services unless the cluster's HttpRequest:Version says otherwise", "proxy_http_version");
        Add(ImportVerdict.Changed, "a Location that names the service's own address passes unchanged: services that get Host and X-Forwarded-Proto write the right one", "proxy_redirect");
        Add(ImportVerdict.Changed, "no header of a service means anything to the gateway", "proxy_ignore_headers");
        Add(ImportVerdict.Changed, "requests over a limit get 429, and the log counts them", "limit_req_status", "limit_conn_status", "limit_req_log_level", "limit_conn_log_level", "limit_req_dry_run");
        Add(ImportVerdict.Changed, Unused, "proxy_set_header", "add_header", "client_max_body_size", "proxy_read_timeout", "expires", "proxy_hide_header", "set", "proxy_ssl_verify", "proxy_ssl_server_name", "proxy_ssl_name",
            "proxy_ssl_trusted_certificate", "proxy_ssl_protocols", "ssl_certificate", "ssl_certificate_key", "auth_basic", "auth_basic_user_file", "allow", "deny", "satisfy", "keepalive", "server_name", "limit_req_zone",
            "limit_conn_zone", "real_ip_header", "set_real_ip_from", "break", "proxy_pass_request_headers");

        Add(ImportVerdict.NotSupported, NoFiles, "root", "alias", "try_files", "autoindex", "autoindex_exact_size", "autoindex_localtime", "autoindex_format", "dav_methods", "dav_ext_methods", "random_index", "mp4", "flv", "image_filter",
            "brotli_static", "fancyindex", "fancyindex_exact_size");
        Add(ImportVerdict.NotSupported, Cache, "proxy_store", "proxy_no_cache", "open_file_cache_events", "slice");
        Add(ImportVerdict.NotSupported, Pages, "error_page", "proxy_intercept_errors");
        Add(ImportVerdict.NotSupported, OtherProtocol, "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass");
        Add(ImportVerdict.NotSupported, Rewrite, "sub_filter", "sub_filter_once", "sub_filter_types", "sub_filter_last_modified", "addition_types", "add_before_body", "add_after_body", "ssi", "mirror", "proxy_set_body", "proxy_method",
            "proxy_pass_request_body", "proxy_cookie_path", "proxy_cookie_domain", "proxy_cookie_flags", "add_trailer", "userid", "secure_link", "secure_link_md5", "secure_link_secret", "valid_referers", "concat", "xslt_stylesheet", "more_set_headers", "more_clear_headers", "more_set_input_headers");
        Add(ImportVerdict.NotSupported, "use a route's transforms: PathRemovePrefix, PathPrefix, PathPattern", "rewrite");
        Add(ImportVerdict.NotSupported, "left out with the location that it stands in", "internal", "return", "if", "proxy_pass", "location", "limit_except", "limit_req", "limit_conn", "ssl_reject_handshake");
        Add(ImportVerdict.NotSupported, "the gateway removes a service's Server header: set one with a ResponseHeader transform", "proxy_pass_header");
        Add(ImportVerdict.NotSupported, "see the log of the gateway, or `gateway check`; there is no page at this path", "stub_status", "status", "status_zone", "vhost_traffic_status_display", "vhost_traffic_status_zone");
        Add(ImportVerdict.NotSupported, "answers are sent as fast as the client takes them", "limit_rate", "limit_rate_after");
        Add(ImportVerdict.NotSupported, "write the service as a cluster with HttpRequest:Version 2 and VersionPolicy RequestVersionExact", "grpc_pass", "grpc_set_header", "grpc_read_timeout", "grpc_send_timeout");
        Add(ImportVerdict.NotSupported, "nobody is asked for a certificate: the gateway would let everybody in who was kept out by it. Guard the routes with Gateway:Access", "ssl_client_certificate", "ssl_verify_client", "ssl_verify_depth", "ssl_crl");
        Add(ImportVerdict.NotSupported, "an encrypted key: put the password into Gateway:Certificates as Password", "ssl_password_file");
        Add(ImportVerdict.NotSupported, "guard the route with Gateway:Access: addresses, API keys, passwords or tokens", "auth_request", "auth_request_set", "auth_jwt", "auth_jwt_key_file", "auth_delay", "auth_digest", "auth_pam", "auth_ldap");
        return table;
    }
}
