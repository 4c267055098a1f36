/** @file Which bytes outlive the process? Safetensors, the manifest, the model directory. */
export {
  isTemporary,
  removeStaleTemporaries,
  type WriteFileSystem,
  type WrittenFile,
  writeFileAtomic,
} from "./atomic-write.node.js";
export { type CombineReport, type CombineRequest, combineModels } from "./combine-models.node.js";
export { crc32 } from "./crc32.js";
export {
  type FileRecord,
  FORMAT_VERSION,
  formatManifest,
  type HashRecord,
  type JsonRecord,
  type JsonValue,
  type Manifest,
  type NetworkRecord,
  parseManifest,
  type WorldRecord,
} from "./manifest.js";
export {
  type CreateOptions,
  type ManifestChanges,
  type ModelDescription,
  ModelDirectory,
  type WorldState,
} from "./model-directory.node.js";
export { isModelFile, MANIFEST_FILE } from "./model-files.node.js";
export { lockModel, type ModelLock } from "./model-lock.node.js";
export {
  type Dtype,
  decodeSafetensors,
  encodeHeader,
  encodeSafetensors,
  type NamedTensor,
  parseHeader,
  parsePrefix,
  type SafetensorsHeader,
  type TensorArray,
  type TensorEntry,
} from "./safetensors.js";
export {
  loadSafetensors,
  type ReadOptions,
  readSafetensors,
  readSafetensorsHeader,
  type TensorTarget,
  writeSafetensors,
} from "./safetensors-file.node.js";
export { loadSealed, type SealedTensors, saveSealed } from "./sealed-tensors.node.js";
export { StorageError } from "./storage-error.js";
export { partialFileName, type WorldFile, worldFileName, writeWorldFile } from "./world-file.node.js";
