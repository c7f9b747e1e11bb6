old tool
