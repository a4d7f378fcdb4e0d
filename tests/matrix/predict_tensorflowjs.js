// Usage: node predict_tensorflowjs.js PACKAGE FOLDER
// Loads each model below FOLDER with the TensorFlow.js at PACKAGE, and writes what it gives for the
// arrays in inputs.json, or the error, to outputs.json.
const fs = require('fs');
const path = require('path');
const tf = require(process.argv[2]);

async function predict(folder) {
  const read = name => fs.readFileSync(path.join(folder, name));
  const model = JSON.parse(read('model.json'));
  const groups = model.weightsManifest;
  const bytes = Buffer.concat(groups.flatMap(group => group.paths).map(read));
  const loaded = await tf.loadLayersModel({
    load: async () => ({
      format: model.format,
      modelTopology: model.modelTopology,
      weightSpecs: groups.flatMap(group => group.weights),
      weightData: new Uint8Array(bytes).buffer,
    }),
  });
  const inputs = JSON.parse(read('inputs.json')).map(x => tf.tensor(x.values, x.shape, x.dtype));
  const result = loaded.predict(inputs.length > 1 ? inputs : inputs[0]);
  const outputs = Array.isArray(result) ? result : [result];
  return outputs.map(y => ({shape: y.shape, values: Array.from(y.dataSync())}));
}

async function main(folders) {
  for (const folder of folders) {
    let told;
    try {
      told = {outputs: await predict(folder)};
    } catch (error) {
      told = {error: String(error.message || error)};
    }
    fs.writeFileSync(path.join(folder, 'outputs.json'), JSON.stringify(told));
    tf.disposeVariables();
  }
}

main(fs.readdirSync(process.argv[3]).map(name => path.join(process.argv[3], name)));
