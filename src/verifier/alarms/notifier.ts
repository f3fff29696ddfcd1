// What is a channel to people? The port that a webhook and SNS implement, and every channel to come.

/** One way to people. Rejects if it is not certain that the message was taken. */
export interface Notifier {
  /** Part of evidence keys: `sns`, `webhook`, … */
  readonly channel: string;
  /** `subject`: one line, at most 100 characters of ASCII. */
  publish(subject: string, text: string, signal?: AbortSignal): Promise<void>;
}
