/** Stages announce, others listen: a typed emitter whose shape is that of ports/happenings.ts. */

export interface Emitter<Happenings extends object> {
  /** Calls the listeners in the order they came, at once. It never throws. */
  announce<K extends keyof Happenings>(name: K, what: Happenings[K]): void;
  listen<K extends keyof Happenings>(name: K, listener: (what: Happenings[K]) => void): void;
}

/** `onListenerError` hears of listeners that throw; the announcer and the other listeners never do. */
export const createEmitter = <Happenings extends object>(onListenerError: (name: keyof Happenings, error: unknown) => void): Emitter<Happenings> => {
  const listeners: { [K in keyof Happenings]?: ((what: Happenings[K]) => void)[] } = {};

  const callSafely = <K extends keyof Happenings>(name: K, listener: (what: Happenings[K]) => void, what: Happenings[K]): void => {
    try {
      listener(what);
    } catch (error) {
      onListenerError(name, error);
    }
  };
  return {
    announce: (name, what) => {
      const all = listeners[name];
      if (all === undefined) return;
      for (const listener of all) callSafely(name, listener, what);
    },
    listen: (name, listener) => {
      // A new array, so that an announcement under way isn't disturbed.
      listeners[name] = [...(listeners[name] ?? []), listener];
    },
  };
};
