/** What this program is: its version, the hash of its build, and what its server can and cannot see. */
import type { VNode } from 'preact';
import { fill, text } from '../text/text.ts';

/**
 * The hash in the name of the page's own script. Every part of the build is named by its content and names the parts that it loads, so
 * this one changes with any of them. `undefined` where nothing was built (development).
 */
function readBuild(): string | undefined {
  const scripts = [...document.querySelectorAll<HTMLScriptElement>('script[type=module][src]')];
  return scripts.map(({ src }) => /-([\w-]{8})\.js$/.exec(src)?.[1]).find((hash) => hash !== undefined);
}

export function About(): VNode {
  const build = readBuild();
  return (
    <>
      <p>
        {fill(text.settings.version, { version: TACET_VERSION })}.{' '}
        {build === undefined ? text.settings.noBuild : fill(text.settings.build, { build })}{' '}
        {text.settings.licence}
      </p>
      <p>{text.settings.aboutServer}</p>
      <p>{text.settings.aboutCode}</p>
    </>
  );
}
