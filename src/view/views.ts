// What the rest of the program uses of views; loaded when there are some.

export { loadFhirpathPackage } from './fhirpath-package.ts';
export { describeViews, makeViewFlattener, makeViewFlatteners, prepareView } from './make-view-flattener.ts';
export { readViewFile, readViewFiles, readViewText } from './read-views.ts';
export { ViewError } from './view-problems.ts';
