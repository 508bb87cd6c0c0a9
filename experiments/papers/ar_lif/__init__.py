"""Results of the AR-LIF paper and of the convolutional networks that it trains."""
