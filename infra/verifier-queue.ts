// How do events reach the verifier, from its own account and from the archive's?
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import type { WatchedEvents } from './watched-events.ts';

/** Longer than the function's timeout, so that no event is delivered again while it is worked on. */
const VISIBILITY_MINUTES = 6;
/** About half an hour of tries: for a short outage, or a seal that comes after its event. */
const RECEIVES_MAX = 5;

/**
 * Archive bucket → EventBridge of its account → a bus here → one queue. Both parties name only the bus. So
 * either stack can be deployed first, and they can be in different accounts and Regions.
 */
export class VerifierQueue extends Construct {
  readonly queue: Queue;
  /** Events that could not be worked on, and failed calls of the function. */
  readonly deadLetters: Queue;
  /** Has the events of the archive's account. */
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, names: Names) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.RETAIN,
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
    bus.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OnlyTheForwarderOfTheArchive',
        principals: [new AccountPrincipal(names.archive.account)],
        actions: ['events:PutEvents'],
        resources: [bus.eventBusArn],
        conditions: { ArnEquals: { 'aws:PrincipalArn': names.forwarder.roleArn } },
      }),
    );
    new Rule(this, 'FromTheArchive', {
      description: 'What the archive account forwards to the verifier',
      eventBus: bus,
      eventPattern: { account: [names.archive.account], source: ['aws.s3', 'aws.kms', 'aws.cloudtrail'] },
      targets: [this.#target()],
    });
  }

  /** Events of this account itself, from its default bus. */
  take(watched: readonly WatchedEvents[]): void {
    for (const { id, description, pattern } of watched) {
      new Rule(this, id, { description, eventPattern: pattern, targets: [this.#target()] });
    }
  }

  #target(): SqsQueue {
    return new SqsQueue(this.queue, { deadLetterQueue: this.deadLetters });
  }
}
