package mysql

// ReadAddress shows what the driver is given of an address.
var ReadAddress = readAddress
