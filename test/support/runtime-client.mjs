// What does a Lambda runtime do at the least? It loads the handler, asks for events and answers, for ever. `FILE.EXPORT`.
import { pathToFileURL } from 'node:url';

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const [file, name] = process.argv.slice(2);
const post = (path, body) => fetch(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) });
const shown = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: String(error?.message ?? error),
});

let handler;
try {
  handler = (await import(pathToFileURL(file).href))[name];
  if (typeof handler !== 'function') throw new TypeError(`${file} exports no function ${name}`);
} catch (error) {
  await post('/init/error', shown(error));
  process.exit(1);
}
for (;;) {
  const next = await fetch(`${base}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadlineMs = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
  try {
    await post(`/invocation/${id}/response`, (await handler(await next.json(), context)) ?? null);
  } catch (error) {
    await post(`/invocation/${id}/error`, shown(error));
  }
}
