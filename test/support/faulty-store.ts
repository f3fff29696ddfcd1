// What if a call of the store fails, succeeds without our knowing, takes long, or is carried out twice?
import type { Clock } from '../../src/base/clock.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import type { HoldWriter, ObjectVersion, Store } from '../../src/store/store.ts';

export type Fault =
  /** Nothing happens; the caller gets an error. */
  | { readonly kind: 'fails'; readonly error?: Error }
  /** It happens; the caller gets an error all the same. A list breaks off after its first entry. */
  | { readonly kind: 'done-but-fails'; readonly error?: Error }
  /** It happens, but only after that time. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** It happens twice, and the caller gets the second answer, as when an SDK repeats a request whose answer was lost. */
  | { readonly kind: 'twice' };

export const FAULT_KINDS = ['fails', 'done-but-fails', 'slow', 'twice'] as const;

type FaultyCall = {
  /** Of all calls of this store, from 0. */
  readonly index: number;
  readonly method:
    | 'putIfAbsent'
    | 'extendLock'
    | 'listVersions'
    | 'listPrefixes'
    | 'read'
    | 'lock'
    | 'hold'
    | 'setHold';
  readonly key: string;
};

/** Asked at every call. undefined: nothing goes wrong. */
export type FaultPlan = (call: FaultyCall) => Fault | undefined;

export type FaultyStore = Store & HoldWriter & { readonly calls: readonly FaultyCall[] };

/** Retriable, as every unknown outcome is. */
const unknownOutcome = (call: FaultyCall): LedgerstoneError =>
  new LedgerstoneError('unavailable', `injected: ${call.method} ${call.key}`, { disposition: 'retriable' });

/** `clock` is who sleeps for a slow call. */
export function faultyStore(store: Store & Partial<HoldWriter>, plan: FaultPlan, clock: Clock): FaultyStore {
  const calls: FaultyCall[] = [];
  const next = (method: FaultyCall['method'], key: string) => {
    const call = { index: calls.length, method, key };
    calls.push(call);
    return { call, fault: plan(call) };
  };

  const once = async <T>(
    method: FaultyCall['method'],
    key: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ) => {
    const { call, fault } = next(method, key);
    switch (fault?.kind) {
      case undefined:
        return run();
      case 'fails':
        throw fault.error ?? unknownOutcome(call);
      case 'done-but-fails':
        await run();
        throw fault.error ?? unknownOutcome(call);
      case 'slow':
        await clock.sleep(fault.ms, signal);
        return run();
      case 'twice':
        await run();
        return run();
    }
  };

  async function* list<T extends ObjectVersion | string>(
    method: FaultyCall['method'],
    key: string,
    signal: AbortSignal | undefined,
    run: () => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const { call, fault } = next(method, key);
    if (fault?.kind === 'fails') throw fault.error ?? unknownOutcome(call);
    if (fault?.kind === 'slow') await clock.sleep(fault.ms, signal);
    if (fault?.kind === 'twice') for await (const _ of run());
    for await (const entry of run()) {
      yield entry;
      if (fault?.kind === 'done-but-fails') break;
    }
    if (fault?.kind === 'done-but-fails') throw fault.error ?? unknownOutcome(call);
  }

  return {
    kind: store.kind,
    description: store.description,
    calls,
    putIfAbsent: (key, bytes, lock, options) =>
      once('putIfAbsent', key, options?.signal, () => store.putIfAbsent(key, bytes, lock, options)),
    extendLock: (key, versionId, lock, signal) =>
      once('extendLock', key, signal, () => store.extendLock(key, versionId, lock, signal)),
    listVersions: (prefix, options) =>
      list('listVersions', prefix, options?.signal, () => store.listVersions(prefix, options)),
    listPrefixes: (prefix, signal) =>
      list('listPrefixes', prefix, signal, () => store.listPrefixes(prefix, signal)),
    read: (key, versionId, options) =>
      once('read', key, options.signal, () => store.read(key, versionId, options)),
    lock: (key, versionId, signal) => once('lock', key, signal, () => store.lock(key, versionId, signal)),
    hold: (key, versionId, signal) => once('hold', key, signal, () => store.hold(key, versionId, signal)),
    setHold: (key, versionId, isHeld, signal) =>
      once('setHold', key, signal, () => store.setHold!(key, versionId, isHeld, signal)),
    clockOffset: () => store.clockOffset(),
    close: () => store.close(),
  };
}
