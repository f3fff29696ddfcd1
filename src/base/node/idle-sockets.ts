// How do dead connections cost one timeout, and not one for each that lies idle?
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** The connections of one client of AWS. */
export class Connections {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;

  /** `authorities`: PEM, trusted in place of Node's. */
  constructor(maxSockets: number, authorities?: Buffer) {
    const options = { keepAlive: true, maxSockets };
    this.httpAgent = new HttpAgent(options);
    this.httpsAgent = new HttpsAgent({ ...options, ...(authorities !== undefined && { ca: authorities }) });
  }

  /**
   * Runs one request. If no answer came, every idle connection is closed: what silenced one of them, such as
   * a firewall that forgot it or a server that went away, has silenced the others too, and each further try
   * would take the next of them and wait as long.
   */
  async request<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      const isAnswered =
        (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode !==
        undefined;
      if (!isAnswered) this.#closeIdle();
      throw error;
    }
  }

  #closeIdle(): void {
    for (const agent of [this.httpAgent, this.httpsAgent]) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }
}
