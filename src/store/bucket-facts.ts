// How is a bucket set, in figures that can be compared with what was promised?
import {
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { type CallHttp, connectS3, type S3Connection, type S3Options } from './s3-connection.ts';
import { nameOf, statusOf } from './s3-error.ts';

/** A setting, or why this caller could not learn it. */
export type Fact<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

export type BucketFacts = {
  readonly objectLock: Fact<{
    readonly enabled: boolean;
    /** Of the bucket's default; null: it has none. */
    readonly mode: string | null;
    readonly days: number | null;
    /** Whether objects without a lock of their own would come under an event hold, which has no end. */
    readonly eventHold?: boolean;
  }>;
  /** `Enabled`, `Suspended`, or null where it never was on. */
  readonly versioning: Fact<string | null>;
  /** Public access blocks that are off. Null: this server, which is not S3 itself, has none at all. */
  readonly openToPublic: Fact<readonly string[] | null>;
  /** As text; null where there is none. */
  readonly policy: Fact<string | null>;
};

const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
const DAYS_PER_YEAR = 365;

/** Reads four settings; changes nothing. Throws only when `signal` aborts. */
export async function readBucketFacts(options: S3Options, signal?: AbortSignal): Promise<BucketFacts> {
  const s3 = connectS3(options);
  const ask = <T>(operation: string, absent: string, none: T, send: (http: CallHttp) => Promise<T>) =>
    factOf(s3, operation, absent, none, send, signal);
  try {
    return {
      objectLock: await ask(
        'GetObjectLockConfiguration',
        'ObjectLockConfigurationNotFoundError',
        { enabled: false, mode: null, days: null },
        async (http) => {
          const answer = await s3.client.send(new GetObjectLockConfigurationCommand(s3.target), http);
          const { ObjectLockEnabled, Rule } = answer.ObjectLockConfiguration ?? {};
          const { Mode, Days, Years, DefaultEventHold } = Rule?.DefaultRetention ?? {};
          const days = Days ?? (Years === undefined ? null : Years * DAYS_PER_YEAR);
          return {
            enabled: ObjectLockEnabled === 'Enabled',
            mode: Mode ?? null,
            days,
            ...(DefaultEventHold !== undefined && { eventHold: true }),
          };
        },
      ),
      versioning: await ask('GetBucketVersioning', '', null, async (http) => {
        const { Status } = await s3.client.send(new GetBucketVersioningCommand(s3.target), http);
        return Status ?? null;
      }),
      openToPublic: await openToPublic(s3, ask),
      policy: await ask<string | null>('GetBucketPolicy', 'NoSuchBucketPolicy', null, async (http) => {
        const { Policy } = await s3.client.send(new GetBucketPolicyCommand(s3.target), http);
        return Policy ?? null;
      }),
    };
  } finally {
    s3.close();
  }
}

type Ask = <T>(
  operation: string,
  absent: string,
  none: T,
  send: (http: CallHttp) => Promise<T>,
) => Promise<Fact<T>>;

async function openToPublic(s3: S3Connection, ask: Ask): Promise<BucketFacts['openToPublic']> {
  let isUnknownCall = false;
  const absent = 'NoSuchPublicAccessBlockConfiguration';
  const fact = await ask<readonly string[]>('GetPublicAccessBlock', absent, BLOCKS, async (http) => {
    try {
      const answer = await s3.client.send(new GetPublicAccessBlockCommand(s3.target), http);
      return BLOCKS.filter((name) => answer.PublicAccessBlockConfiguration?.[name] !== true);
    } catch (error) {
      isUnknownCall = statusOf(error) === 501;
      throw error;
    }
  });
  return isUnknownCall && s3.options.endpoint !== undefined ? { known: true, value: null } : fact;
}

/** `absent`: the name of the error that says "there is none", which is an answer. */
async function factOf<T>(
  s3: S3Connection,
  operation: string,
  absent: string,
  none: T,
  send: (http: CallHttp) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<Fact<T>> {
  try {
    return { known: true, value: await s3.run({ operation, signal }, send) };
  } catch (error) {
    signal?.throwIfAborted();
    const isAbsent = absent !== '' && nameOf((error as Error).cause) === absent;
    return isAbsent ? { known: true, value: none } : { known: false, why: whyNot(error) };
  }
}

const whyNot = (error: unknown): string =>
  error instanceof LedgerstoneError && error.remedy !== undefined
    ? `${messageOf(error)}. ${error.remedy}`
    : messageOf(error);
