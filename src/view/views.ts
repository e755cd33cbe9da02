// What the rest of the program uses of views; loaded when there are some.

export { describeViews, makeViewFlatteners } from './make-view-flattener.ts';
export { readViewFiles } from './read-views.ts';
