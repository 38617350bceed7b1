// One state for the whole page. Whoever shows a part of it subscribes.

/** A store: `get`, `set` with what changes, `subscribe` to (state, the state before). */
export function createStore(initial) {
  let state = Object.freeze(initial);
  const listeners = new Set();
  return {
    get: () => state,
    set(changes) {
      const before = state;
      state = Object.freeze({ ...state, ...changes });
      for (const listener of listeners) listener(state, before);
    },
    subscribe(listener) {
      listeners.add(listener);
    },
  };
}
