/** How loud the microphone is, for a person who tries it. */

/** How often it is looked at, ms. */
const EVERY_MS = 50;
/** A voice at the usual distance has about a quarter of the amplitude that there is. */
const GAIN = 4;

/** Measures; the returned function ends it. */
export function measure(track: MediaStreamTrack, told: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  // It was made by a press; where not, it stays silent.
  context.resume().catch(() => undefined);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const mean = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    told(Math.min(1, Math.sqrt(mean) * GAIN));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    context.close().catch(() => undefined);
    told(0);
  };
}
