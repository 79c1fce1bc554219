/** Where spans go. Whoever has no tracing is given none, and neither makes spans nor contexts. */

/** A span that is over: who records it chose its id before, and may have told it to others. */
export interface Span {
  /** Its own, as `traceparent`. */
  readonly context: string;
  /** The id of the span above; null for none. */
  readonly parent: string | null;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'producer' | 'consumer';
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** What went wrong; absent where nothing did. */
  readonly error?: string;
}

export interface Tracing {
  /** What carries tasks and reports, for the attributes of their spans. */
  readonly carrier: { readonly system: string; readonly queue: string; readonly events: string };
  /** Whether a new trace is recorded: the share that the settings say. */
  samples(): boolean;
  newSpanId(): string;
  /** Takes a span, or drops it where too many wait. Never throws, and waits for nobody. Spans that aren't sampled are passed over. */
  record(span: Span): void;
}
