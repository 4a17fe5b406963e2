console.log("one loaf, please");
