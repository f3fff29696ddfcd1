// Under which account of the operating system does this command run?
import { hostname, userInfo } from 'node:os';

/** As the system says. */
export function account(): { user: string; machine: string } {
  try {
    return { user: userInfo().username, machine: hostname() };
  } catch {
    // An account without an entry in the system's list, as in some containers.
    return { user: 'not known', machine: hostname() };
  }
}
