// Storage of the browser that never throws: a frame of another site may be denied it. Then things last as long as the page.

const memory = new Map<string, string>();

function safe(which: 'localStorage' | 'sessionStorage') {
  const key = (name: string) => `${which}/${name}`;
  return {
    get(name: string): string | null {
      try {
        return window[which].getItem(name);
      } catch {
        return memory.get(key(name)) ?? null;
      }
    },
    set(name: string, value: string): void {
      try {
        window[which].setItem(name, value);
      } catch {
        memory.set(key(name), value);
      }
    },
    remove(name: string): void {
      memory.delete(key(name));
      try {
        window[which].removeItem(name);
      } catch {
        // there is nothing to remove
      }
    },
  };
}

/** Of this tab. */
export const tabStorage = safe('sessionStorage');
/** Of all tabs, for good. */
export const lastingStorage = safe('localStorage');
