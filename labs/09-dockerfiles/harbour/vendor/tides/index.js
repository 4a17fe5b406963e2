module.exports = (ship) => `high tide for ${ship} at 12:25\n`;
