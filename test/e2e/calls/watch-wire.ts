/** Looks, in the page, at what arrives before anything is opened, and has the browser attach transforms later than it is asked to. */

/** What a worker is given of a receiver's frames. */
interface Arriving {
  readonly options: { readonly isPicture: boolean };
  readonly readable: ReadableStream;
}

/** What the tests find in the page. */
export interface Wire {
  /** When what is attached to a sender really is. */
  late: 'in time' | 'microtask' | 'task' | number;
  readonly senders: Map<RTCRtpSender, ConstructorParameters<typeof RTCRtpScriptTransform>>;
  /** Frames that arrived: sealed by one of the two, and others. */
  sealed: number;
  clear: number;
}
/** Runs in the page, before any connection: receivers give what arrives to this instead of opening it. */
export function watchWire(): void {
  const wire: Wire = { late: 'in time', senders: new Map(), sealed: 0, clear: 0 };
  Object.assign(globalThis, { wire });
  const made = new WeakMap<object, ConstructorParameters<typeof RTCRtpScriptTransform>>();
  RTCRtpScriptTransform = new Proxy(RTCRtpScriptTransform, {
    construct(target, given) {
      const transform = Reflect.construct(target, given) as RTCRtpScriptTransform;
      made.set(transform, given as ConstructorParameters<typeof RTCRtpScriptTransform>);
      return transform;
    },
  });
  const own = Object.getOwnPropertyDescriptor(RTCRtpSender.prototype, 'transform');
  Object.defineProperty(RTCRtpSender.prototype, 'transform', {
    configurable: true,
    get(this: RTCRtpSender) {
      return own?.get?.call(this);
    },
    set(this: RTCRtpSender, transform: RTCRtpScriptTransform | null) {
      const given = transform === null ? undefined : made.get(transform);
      if (given !== undefined) wire.senders.set(this, given);
      const attach = () => own?.set?.call(this, transform);
      if (wire.late === 'in time') attach();
      else if (wire.late === 'microtask') queueMicrotask(attach);
      else setTimeout(attach, wire.late === 'task' ? 0 : wire.late);
    },
  });
  /** Whether a frame says a key id of the rig’s: instances 10 to 23, no layer, no step (RFC 9605 section 4.3). */
  const isSealed = (bytes: Uint8Array, isPicture: boolean): boolean => {
    const [config = 0, instance = 0, rest = 1] = bytes.subarray(isPicture ? 1 : 0);
    return config >> 4 === 9 && instance >= 10 && instance <= 23 && rest === 0;
  };
  const look = ({ transformer }: { readonly transformer: Arriving }): void => {
    const { isPicture } = transformer.options;
    const reader = transformer.readable.getReader() as ReadableStreamDefaultReader<{
      readonly data: ArrayBuffer;
    }>;
    const read = async (): Promise<void> => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const { data } = next.value;
        if (data.byteLength > 0) postMessage({ isPicture, bytes: new Uint8Array(data.slice(0, 4)) });
      }
    };
    read().catch(() => undefined);
  };
  const script = new Blob([`onrtctransform = ${look.toString()};`], { type: 'text/javascript' });
  const watcher = new Worker(URL.createObjectURL(script));
  watcher.addEventListener(
    'message',
    ({ data }: MessageEvent<{ readonly isPicture: boolean; readonly bytes: Uint8Array }>) => {
      if (isSealed(data.bytes, data.isPicture)) wire.sealed += 1;
      else wire.clear += 1;
    },
  );
  const receivers = Object.getOwnPropertyDescriptor(RTCRtpReceiver.prototype, 'transform');
  Object.defineProperty(RTCRtpReceiver.prototype, 'transform', {
    configurable: true,
    set(this: RTCRtpReceiver) {
      const isPicture = this.track.kind === 'video';
      receivers?.set?.call(this, new RTCRtpScriptTransform(watcher, { isPicture }));
    },
  });
}
