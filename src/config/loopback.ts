// Does only this machine reach what listens on that host?

const LOOPBACK = /^(?:localhost|127\.[0-9.]+|::1|\[::1\])$/;

/** By its name alone: what else may lead here is taken for a way in from outside. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
