// On which addresses does a process listen?
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** proc(5): column 4 of /proc/net/tcp. */
const LISTEN = '0A';

/** Local addresses, "127.0.0.1:9092" or "[hexadecimal]:port", of all listening TCP sockets of these processes. */
export function listeningAddresses(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[3] === LISTEN && inodes.has(columns[9] as string))
      .map((columns) => readable(columns[1] as string)),
  );
}

const socketInodes = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });

/** IPv4 addresses stand there as one number in the byte order of the machine: little endian on all that run this. */
function readable(address: string): string {
  const [host = '', port = ''] = address.split(':');
  const bytes = (host.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  const name = bytes.length === 4 ? bytes.reverse().join('.') : `[${host}]`;
  return `${name}:${Number.parseInt(port, 16)}`;
}
