// What can be said of one check?

/**
 * `shown`: looked at, and as it should be. `failed`: looked at, and not. `not-shown`: not looked at, or not
 * wholly: that is never as good as shown.
 */
export type CheckState = 'shown' | 'failed' | 'not-shown';

export type Judged = { readonly state: CheckState; readonly text: string };

export const shown = (text: string): Judged => ({ state: 'shown', text });
export const failed = (text: string): Judged => ({ state: 'failed', text });
export const notShown = (text: string): Judged => ({ state: 'not-shown', text });
