/**
 * @file How is the server doing? Prometheus metrics: counted where a request ends, read from the engine when asked.
 * A route is named by its pattern, never by what a client sent, so that the number of series is bounded.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ShedReason } from "./http-error.js";
import type { SearchService, ServiceStats } from "./search-service.js";

/** Seconds. Searches take milliseconds; the last bucket is the default timeout. */
const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export class ServerMetrics {
  readonly registry: Registry = new Registry();
  private readonly shedTotal: Counter<"reason">;
  private readonly socketErrors: Counter;
  private readonly droppedConnections: Counter;
  private readonly requestCount: Counter<"method" | "route" | "status">;
  private readonly durations: Histogram<"route">;
  /** Children by route: their labels are hashed once. */
  private readonly durationOf = new Map<string, ReturnType<Histogram<"route">["labels"]>>();
  private readonly countOf = new Map<string, ReturnType<Counter<"method" | "route" | "status">["labels"]>>();

  constructor(service: SearchService, numRunning: () => number) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requestCount = new Counter({
      name: "manyworlds_http_requests_total",
      help: "Requests by method, route and status; 499: the client went away before its answer.",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.durations = new Histogram({
      name: "manyworlds_http_request_duration_seconds",
      help: "From a request's headers to the end of its answer.",
      labelNames: ["route"],
      buckets: DURATIONS,
      registers,
    });
    this.shedTotal = new Counter({
      name: "manyworlds_shed_requests_total",
      help: "Requests turned away: too many of one client, too many at once, a full queue, a timeout, not ready.",
      labelNames: ["reason"],
      registers,
    });
    this.socketErrors = new Counter({
      name: "manyworlds_socket_errors_total",
      help: "Connections that did not speak HTTP, or too slowly.",
      registers,
    });
    this.droppedConnections = new Counter({
      name: "manyworlds_dropped_connections_total",
      help: "Connections closed as they came because too many were open.",
      registers,
    });
    gauge("manyworlds_searches_in_flight", "Search requests under way.", numRunning);
    gauge("manyworlds_queue_length", "Queries that wait for a prediction thread.", () => service.stats.queued);
    gauge("manyworlds_queries_running", "Queries on prediction threads.", () => service.stats.running);
    gauge("manyworlds_ready", "1 while searches are answered.", () => Number(service.ready));
    counter("manyworlds_batches_total", "Batches given to prediction threads.", "batches");
    counter("manyworlds_batched_queries_total", "Queries in them; over batches, their mean size.", "batchedQueries");
    counter("manyworlds_cache_hits_total", "Queries answered from the cache.", "cacheHits");
    counter("manyworlds_cache_misses_total", "Queries that were not in the cache.", "cacheMisses");
    counter("manyworlds_reloads_total", "Models loaded in place of another.", "reloads");
    counter(
      "manyworlds_failed_reloads_total",
      "Models that could not be loaded; the one before went on.",
      "failedReloads",
    );
    new Gauge({
      name: "manyworlds_model_info",
      help: "1 for the model that answers.",
      labelNames: ["version", "kind", "kernels"],
      registers,
      collect() {
        this.reset();
        const { version, kind, kernels } = service.model();
        this.set({ version, kind, kernels }, 1);
      },
    });
    gauge("manyworlds_model_labels", "Labels of the model.", () => service.model().numLabels);
    gauge("manyworlds_model_worlds", "Worlds that answer.", () => service.model().worlds.length);
    gauge("manyworlds_model_failed_worlds", "Worlds that do not.", () => service.model().failedWorlds.length);

    function gauge(name: string, help: string, read: () => number): void {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    }

    function counter(name: string, help: string, key: keyof ServiceStats): void {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(service.stats[key]);
        },
      });
    }
  }

  /** A request is over. @param route its pattern. */
  countRequest(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${route} ${status}`;
    let count = this.countOf.get(key);
    if (count === undefined) {
      count = this.requestCount.labels({ method, route, status: String(status) });
      this.countOf.set(key, count);
    }
    count.inc();
    let duration = this.durationOf.get(route);
    if (duration === undefined) {
      duration = this.durations.labels({ route });
      this.durationOf.set(route, duration);
    }
    duration.observe(seconds);
  }

  countShed(reason: ShedReason): void {
    this.shedTotal.inc({ reason });
  }

  countSocketError(): void {
    this.socketErrors.inc();
  }

  countDroppedConnection(): void {
    this.droppedConnections.inc();
  }
}
