// With which credentials does this process call AWS, where no client of its own is at hand?
import { S3Client } from '@aws-sdk/client-s3';
import { LedgerstoneError } from '../base/error.ts';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/**
 * Of this process's role, as the clients of S3 and KMS find them: environment, profile, container or instance. Asked at
 * each call, for they change. Rejects with `no-credentials` where there are none.
 */
export function roleCredentials(): () => Promise<AwsCredentials> {
  // Their chain comes with the client only.
  const client = new S3Client({ region: 'us-east-1' });
  return async () => {
    try {
      const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    } catch (cause) {
      throw new LedgerstoneError('no-credentials', 'there are no credentials for SNS', {
        remedy: 'Give this process a role that may publish, or leave alarms.sns out and set a webhook.',
        cause,
      });
    }
  };
}
