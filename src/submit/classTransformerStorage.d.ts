/** class-transformer exports its metadata nowhere else; class-validator-jsonschema's own manual takes it from here. */
declare module 'class-transformer/cjs/storage' {
  export const defaultMetadataStorage: import('class-transformer/types/MetadataStorage').MetadataStorage;
}
