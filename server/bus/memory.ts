/** The bus of a single process: a map of listeners, called at once and in order. */
import type { DeviceId } from '@tacet/protocol/ids';
import type { AccountEvent, Bus, BusEvent, DeviceEvent, Unsubscribe } from './port.ts';

/** A bus within this process. `onError` is told what a listener threw. */
export class MemoryBus implements Bus {
  readonly #devices = new Map<DeviceId, readonly ((event: DeviceEvent) => void)[]>();
  readonly #accounts = new Set<(event: AccountEvent) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  publish(event: BusEvent): void {
    if (event.kind === 'list-changed') {
      for (const listener of this.#accounts) this.#call(listener, event);
      return;
    }
    const listeners = this.#devices.get(event.device);
    if (listeners === undefined) return;
    for (const listener of listeners) this.#call(listener, event);
  }

  onDevice(device: DeviceId, listener: (event: DeviceEvent) => void): Unsubscribe {
    this.#devices.set(device, [...(this.#devices.get(device) ?? []), listener]);
    return () => {
      const left = (this.#devices.get(device) ?? []).filter((other) => other !== listener);
      if (left.length === 0) this.#devices.delete(device);
      else this.#devices.set(device, left);
    };
  }

  onAccount(listener: (event: AccountEvent) => void): Unsubscribe {
    this.#accounts.add(listener);
    return () => {
      this.#accounts.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#devices.clear();
    this.#accounts.clear();
    return Promise.resolve();
  }

  #call<Event>(listener: (event: Event) => void, event: Event): void {
    try {
      listener(event);
    } catch (error) {
      this.#onError(error);
    }
  }
}
