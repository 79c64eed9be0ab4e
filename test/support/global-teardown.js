/** Stops the database server that global-setup.js started, if it did. */
export default async function globalTeardown() {
  await globalThis.causewayTestServer?.stop();
}
