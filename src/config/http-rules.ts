// Was it said who may ask a server that others reach?
import { isLoopback } from './loopback.ts';
import { memberOf, type SchemaProblem } from './problems.ts';

/** Works on the values as they are written, even if the schema refuses them. */
export function httpProblems(
  root: unknown,
  member: 'server' | 'watch',
  portDefault: number,
): SchemaProblem[] {
  const given = memberOf(root, member);
  const login = memberOf(given, 'auth');
  const clientCaFile = memberOf(memberOf(given, 'tls'), 'clientCaFile');
  const problems: SchemaProblem[] = [];
  if (typeof login === 'object' && login !== null) {
    const [token, tokenFile] = [memberOf(login, 'token'), memberOf(login, 'tokenFile')];
    if ((token === undefined) === (tokenFile === undefined))
      problems.push({ path: [member, 'auth'], message: 'must have token or tokenFile, one of them' });
  }
  if (login === 'public' && clientCaFile !== undefined) {
    const message = 'lets in everybody, and tls.clientCaFile is to let in some: leave out one of them';
    problems.push({ path: [member, 'auth'], message });
  }
  const host = memberOf(given, 'host') ?? '127.0.0.1';
  const isServed = (memberOf(given, 'port') ?? portDefault) !== 0;
  if (typeof host !== 'string' || isLoopback(host) || !isServed) return problems;
  if (login !== undefined || clientCaFile !== undefined) return problems;
  const message = [
    `is reached from other machines, and nobody said who may ask: set ${member}.auth to { tokenFile: FILE } or`,
    `{ token: "\${NAME}" }, or ${member}.tls.clientCaFile, or write ${member}.auth: public if everybody who`,
    'reaches it may read its page, /status and /metrics',
  ].join(' ');
  return [...problems, { path: [member, 'host'], message }];
}
