// Which store does somebody mean by `s3://bucket/prefix` or the path of a directory?
import { LedgerstoneError } from '../base/error.ts';
import type { StoreConfig } from '../config/connections.ts';

/** Throws `usage` if it names none, or if the Region of a bucket is not known. */
export function storeFromName(
  name: string,
  options: { readonly region?: string; readonly endpoint?: string; readonly profile?: string },
  env: NodeJS.ProcessEnv,
): StoreConfig {
  if (!name.startsWith('s3://')) {
    if (/^[a-z][a-z0-9+.-]+:\/\//.test(name)) {
      throw usage(`${name} is not an archive`, 'Give s3://bucket/prefix or a directory.');
    }
    return { kind: 'directory', path: name };
  }
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(name) ?? [];
  if (bucket === undefined) throw usage(`${name} names no bucket`, 'Give s3://bucket/prefix.');
  const set = (text: string | undefined) => (text === undefined || text === '' ? undefined : text);
  const region = options.region ?? set(env['AWS_REGION']) ?? set(env['AWS_DEFAULT_REGION']);
  if (region === undefined) {
    throw usage('the Region of the bucket is not known', 'Give --region, or set AWS_REGION.');
  }
  const endpoint = options.endpoint ?? set(env['AWS_ENDPOINT_URL_S3']) ?? set(env['AWS_ENDPOINT_URL']);
  return {
    kind: 's3',
    bucket,
    region,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
}

const usage = (message: string, remedy: string): LedgerstoneError =>
  new LedgerstoneError('usage', message, { disposition: 'input', remedy });
