// How do spans reach an OpenTelemetry SDK, if one was loaded before us? Without one nothing is recorded.
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { messageOf } from '../base/error.ts';
import type { Tracer } from '../base/trace.ts';
import { VERSION } from '../base/version.ts';

/** By the API alone: which SDK, and where it exports to, is the operator's choice. */
export function openTracer(): Tracer {
  const tracer = trace.getTracer('ledgerstone', VERSION);
  return {
    span: (name, attributes, work) =>
      tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await work();
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
          throw error;
        } finally {
          span.end();
        }
      }),
  };
}
