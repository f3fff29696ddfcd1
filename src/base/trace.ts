// How is a piece of work told to whoever traces this process? Work that it starts is part of it.

type SpanAttributes = Readonly<Record<string, string | number>>;

export type Tracer = {
  /** Does what `work` does, and rejects as it does. What differs goes into `attributes`, not into `name`. */
  span<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T>;
};

export const noTracer: Tracer = { span: (_name, _attributes, work) => work() };
