// Which part of kafkajs, beside its public interface, does the client of marks.ts stand on?
declare module 'kafkajs/src/network/requestQueue/index.js' {
  const RequestQueue: { readonly prototype: import('./kafkajs.ts').KafkajsRequestQueue };

  export = RequestQueue;
}
