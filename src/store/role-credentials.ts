// With which credentials does this process call AWS, where no client of its own is at hand?
import type { S3Client } from '@aws-sdk/client-s3';
import { LedgerstoneError } from '../base/error.ts';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/**
 * Of this process's role, as the clients of S3 and KMS find them: environment, profile, container or
 * instance. Resolved at each call, because they change. Rejects with `no-credentials` where there are none.
 */
export function roleCredentials(): () => Promise<AwsCredentials> {
  // Their chain comes with the client only, which is loaded when it is needed.
  let client: S3Client | null = null;
  return async () => {
    try {
      client ??= new (await import('@aws-sdk/client-s3')).S3Client({ region: 'us-east-1' });
      const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    } catch (cause) {
      throw new LedgerstoneError('no-credentials', 'this process has no AWS credentials', {
        remedy: 'Give it a role, a profile or keys in its environment; for alarms a webhook needs none.',
        cause,
      });
    }
  };
}
