/** What the build makes of files that are not TypeScript. */
declare module '*.module.css' {
  const classes: Readonly<Record<string, string>>;
  export default classes;
}
declare module '*.css';
/** Version of the release, put in by the build from package.json. */
declare const TACET_VERSION: string;
/** What the build tells a module about itself. */
interface ImportMeta {
  /** `DEV`: served by Vite while somebody works on it, not built. */
  readonly env: { readonly DEV: boolean };
}
