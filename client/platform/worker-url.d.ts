/** What the build makes of a worker's entry. */
declare module '*?worker&url' {
  const url: string;
  export default url;
}
