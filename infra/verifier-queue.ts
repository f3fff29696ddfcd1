// How do events reach the verifier, from its own account and from the archive's?
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { KEEP } from './keep.ts';
import type { Names } from './names.ts';
import type { WatchedEvents } from './watched-events.ts';
import { watchedRule } from './watched-rule.ts';

/** Longer than the function's timeout, so that no event is delivered again while it is worked on. */
const VISIBILITY_MINUTES = 6;
/** About half an hour of tries: for a short outage, or a seal that comes after its event. */
const RECEIVES_MAX = 5;

const FORWARDED = ['aws.s3', 'aws.kms', 'aws.cloudtrail', 'aws.events', 'aws.sts'];

/**
 * Archive bucket → EventBridge of its account → a bus here → one queue. Both parties name only the bus. So
 * they can be in different accounts and Regions.
 */
export class VerifierQueue extends Construct {
  readonly queue: Queue;
  /** Events that could not be worked on, and failed calls of the function. */
  readonly deadLetters: Queue;
  /** Has the events of the archive's account. */
  readonly bus: EventBus;

  readonly #rulePrefix: string;

  constructor(scope: Construct, id: string, names: Names, rulePrefix: string) {
    super(scope, id);
    this.#rulePrefix = rulePrefix;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: KEEP,
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.minutes(VISIBILITY_MINUTES),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES_MAX },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const bus = new EventBus(this, 'Bus', { eventBusName: names.verifier.busName });
    this.bus = bus;
    // The account and not its role: EventBridge asks this policy when a rule gets the bus as its target, and
    // then the caller is who deploys. Nothing is lost: nobody can put an event whose source begins with `aws.`.
    bus.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TheAccountOfTheArchive',
        principals: [new AccountPrincipal(names.archive.account)],
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
      }),
    );
    watchedRule(this, 'FromTheArchive', {
      name: `${rulePrefix}from-the-archive`,
      description: 'Events that the archive account sends to the verifier',
      eventBus: bus,
      pattern: { account: [names.archive.account], source: FORWARDED },
      targets: [this.#target()],
    });
  }

  /** Events of this account itself, from its default bus. */
  take(watched: readonly WatchedEvents[]): void {
    for (const { id, description, pattern } of watched) {
      const name = `${this.#rulePrefix}${id.toLowerCase()}`;
      watchedRule(this, id, { name, description, pattern, targets: [this.#target()] });
    }
  }

  #target(): SqsQueue {
    return new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters });
  }
}
