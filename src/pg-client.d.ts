/** What pg's main module takes its client from: that one loads a pool and more besides. */
declare module 'pg/lib/client.js' {
  export { Client as default } from 'pg';
}
