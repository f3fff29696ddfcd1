// What of kafkajs's cluster would let the trouble of one broker stop the group's loops for all, and what
// stands there instead?
import { messageOf } from '../../../base/error.ts';
import { type KafkajsBroker, type KafkajsCluster, needs } from './kafkajs.ts';

export type LoopTools = {
  readonly suspect: (reason: string) => void;
  /** Waits as after any failure of a broker. */
  readonly brokerFailed: (nodeId: string, error: unknown) => Promise<void>;
};

/**
 * For the group's own cluster only: changes this one object. What it gives back is to be called at each
 * FETCH_START of the consumer.
 */
export function keepLoopsRunning(cluster: KafkajsCluster, tools: LoopTools): () => void {
  outliveBrokers(cluster, tools);
  refreshAside(cluster, tools);
  const find = cluster.findGroupCoordinator.bind(cluster);
  cluster.findGroupCoordinator = (group) => joinAgain(() => find(group));
  return endLoopsOfTheStopped(cluster);
}

/** A running consumer asks once for each broker and fetch, and a few times more when brokers come or go. */
const ASKED_WITHOUT_FETCH_MAX = 10_000;

/**
 * kafkajs makes its fetch loops anew when a broker comes or goes. A consumer that is stopped at that moment
 * stops the old loops only: the new ones find it stopped, fetch nothing, wait for nothing, and go round for
 * ever without giving any timer or socket of the process its turn (relatives of kafkajs #1384 and #1387). All
 * that such a loop still asks is which brokers there are, so that is where it ends.
 */
function endLoopsOfTheStopped(cluster: KafkajsCluster): () => void {
  needs(cluster, 'Cluster', ['getNodeIds']);
  const nodeIds = cluster.getNodeIds.bind(cluster);
  let asked = 0;
  cluster.getNodeIds = () => {
    if (++asked > ASKED_WITHOUT_FETCH_MAX) throw new Error('a fetch loop of a stopped consumer was ended');
    return nodeIds();
  };
  return () => {
    asked = 0;
  };
}

/**
 * A broker that can't be reached ends kafkajs's loops for all others: here its fetch finds nothing instead.
 * kafkajs names the brokers that it fetches from by text, and a coordinator, whose loss it has to learn of,
 * by number.
 */
function outliveBrokers(cluster: KafkajsCluster, { brokerFailed }: LoopTools): void {
  const find = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (target) => {
    try {
      return await find(target);
    } catch (error) {
      const { nodeId } = target;
      if (typeof nodeId !== 'string') throw error;
      return absent(() => brokerFailed(nodeId, error));
    }
  };
}

/** All that kafkajs does with a broker that it fetches from. */
const absent = (wait: () => Promise<void>): KafkajsBroker =>
  ({
    fetch: async () => {
      await wait();
      return { responses: [] };
    },
  }) as unknown as KafkajsBroker;

/** kafkajs's loops all wait for a refresh that is due, however long a frozen broker takes to not answer. */
function refreshAside(cluster: KafkajsCluster, { suspect }: LoopTools): void {
  const { brokerPool } = cluster;
  const refresh = cluster.refreshMetadataIfNecessary.bind(cluster);
  let refreshing = false;
  cluster.refreshMetadataIfNecessary = async () => {
    if (brokerPool.metadata === null) return refresh();
    if (Date.now() <= (brokerPool.metadataExpireAt ?? 0)) return;
    if (refreshing) return;
    refreshing = true;
    void cluster
      .refreshMetadata()
      .catch((error) => suspect(`metadata: ${messageOf(error)}`))
      .finally(() => {
        refreshing = false;
      });
  };
}

const GROUP_ANSWERS: ReadonlySet<unknown> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

/**
 * While a coordinator moves or loads, a request to join fails in ways that pass by themselves. kafkajs
 * crashes over all but one kind of them, several times a second; so they are given that kind, and it tries to
 * join again, with its pauses.
 */
export async function joinAgain<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { retriable, type } = Object(error);
    if (retriable === true && !GROUP_ANSWERS.has(type))
      Object.assign(error as object, { type: 'NOT_COORDINATOR_FOR_GROUP' });
    throw error;
  }
}
