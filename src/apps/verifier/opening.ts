// How is something opened while a process starts, and again after a failure?

/**
 * Opens at once. The answer waits for it; what failed before it was asked for is tried once more in the same
 * call, and after a failed call the next one tries anew.
 */
export function openedEarly<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | null = open();
  let isEarly = true;
  opening.catch(() => {});
  const current = async (): Promise<T> => {
    const mine = opening ?? open();
    opening = mine;
    try {
      return await mine;
    } catch (error) {
      if (opening === mine) opening = null;
      throw error;
    }
  };
  return () => {
    const mayRepeat = isEarly;
    isEarly = false;
    return current().catch((error: unknown) => {
      if (!mayRepeat) throw error;
      return current();
    });
  };
}
