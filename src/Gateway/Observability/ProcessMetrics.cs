using System.Globalization;

namespace Gateway.Observability;

/// <summary>The process under the names that Prometheus's own libraries use.</summary>
internal static class ProcessMetrics
{
    public static void Write(PrometheusText text)
    {
        var figures = ProcessFigures.Read();
        text.Single("process_cpu_seconds_total", "counter", "Processor time, user and system.", figures.Processor.TotalSeconds);
        text.Single("process_resident_memory_bytes", "gauge", "Memory in use.", figures.ResidentBytes);
        text.Single("process_virtual_memory_bytes", "gauge", "Address space.", figures.VirtualBytes);
        text.Single("process_start_time_seconds", "gauge", "When the process started.", figures.StartedAt.ToUnixTimeMilliseconds() / 1000.0);
        text.Single("process_threads", "gauge", "Threads.", figures.Threads);
        if (figures.OpenFiles is { } open)
        {
            text.Single("process_open_fds", "gauge", "File descriptors in use.", open);
        }

        if (figures.MaxFiles is { } max)
        {
            text.Single("process_max_fds", "gauge", "File descriptors that it may use.", max);
        }

        text.Single("dotnet_heap_bytes", "gauge", "Memory of managed objects.", GC.GetTotalMemory(false));
        text.Single("dotnet_gc_pause_seconds_total", "counter", "Time for which garbage collections stopped everything.", GC.GetTotalPauseDuration().TotalSeconds);
        text.Metric("dotnet_collections_total", "counter", "Garbage collections by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample(GC.CollectionCount(generation), ("generation", generation.ToString(CultureInfo.InvariantCulture)));
        }

        text.Single("dotnet_threadpool_threads", "gauge", "Threads of the pool.", ThreadPool.ThreadCount);
        text.Single("dotnet_threadpool_queue_length", "gauge", "Work that waits for a thread.", ThreadPool.PendingWorkItemCount);
    }
}
